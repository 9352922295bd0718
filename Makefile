# LSM: library, tools, tests. No configure: packages are asked of pkg-config.
#
# Each FLAVOUR has objects of its own under build/: release, asan, tsan,
# sched (seeded scheduler), cover, fuzz (clang).

FLAVOUR ?= release
B := build/$(FLAVOUR)

VERSION := 0.1.0
SOVERSION := 0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
DESTDIR ?=

CC ?= cc
PKG_CONFIG ?= pkg-config
WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla $(WERROR)
ifdef CI
WERROR := -Werror
endif
HARDEN := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
OPT_release := -O2 -g $(HARDEN)
OPT_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
OPT_tsan := -O1 -g -fsanitize=thread
OPT_sched := -O1 -g -DLSM_SCHED
OPT_cover := -O0 -g --coverage
OPT_fuzz := -O1 -g -fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize-recover=all
ifeq ($(FLAVOUR),fuzz)
CC := clang
endif

CODECS := $(foreach p,liblz4 libzstd,$(if \
	$(shell $(PKG_CONFIG) --exists $(p) 2>/dev/null && echo y),$(p)))
DEFS := $(if $(filter liblz4,$(CODECS)),-DHAVE_LZ4) \
	$(if $(filter libzstd,$(CODECS)),-DHAVE_ZSTD)
# Libraries the engine needs; static where the tools are linked.
STATIC_LIBS := $(if $(filter liblz4,$(CODECS)),-llz4) \
	$(if $(filter libzstd,$(CODECS)),-lzstd) -lz
LIBS := $(STATIC_LIBS) -lpthread

CFLAGS ?=
ALL_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -pthread $(WARN) $(DEFS) \
	$(OPT_$(FLAVOUR)) -MMD -MP -Ilibengine/include $(CFLAGS)
SAN_LDFLAGS := $(filter -fsanitize=address%,$(OPT_$(FLAVOUR))) \
	$(filter -fsanitize=thread,$(OPT_$(FLAVOUR))) \
	$(filter --coverage,$(OPT_$(FLAVOUR)))
ALL_LDFLAGS = -pthread $(SAN_LDFLAGS) $(if $(filter release,$(FLAVOUR)),-pie \
	-Wl$(comma)-z$(comma)relro$(comma)-z$(comma)now) $(LDFLAGS)
comma := ,

LIB_SRC := $(sort $(wildcard libengine/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)
LIB_PIC := $(LIB_SRC:%.c=$(B)/pic/%.o)
TOOL_SHARED := $(filter-out tools/lsm-%.c,$(sort $(wildcard tools/*.c)))
TOOLS := $(patsubst tools/%.c,%,$(sort $(wildcard tools/lsm-*.c)))
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
SUPPORT_SRC := $(sort $(wildcard tests/support/*.c))

all: $(B)/liblsm.a $(TOOLS:%=$(B)/%)

$(B)/liblsm.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/libengine/%.o: libengine/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ilibengine -fvisibility=hidden -c -o $@ $<

$(B)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ilibengine -Itests -c -o $@ $<

$(B)/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/unit: $(UNIT_SRC:%.c=$(B)/%.o) $(SUPPORT_SRC:%.c=$(B)/%.o) $(B)/liblsm.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(TOOLS:%=$(B)/%): $(B)/%: $(B)/tools/%.o $(TOOL_SHARED:%.c=$(B)/%.o) \
		$(B)/liblsm.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

unit: $(B)/unit
	$(B)/unit

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all unit clean
