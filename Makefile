# LSM: library, tools, pages, tests. No configure: packages are asked of
# pkg-config, and what is missing costs a codec or a benchmark's peer.
#
#	make			library and tools in build/release
#	make deps check		install what is needed, run every test
#	make demo		load this machine's file table and read it back
#	make bench		side by side with other engines
#
# Each FLAVOUR has objects of its own: release, asan (and UBSan), tsan, sched
# (seeded scheduler), cover, fuzz (clang).

FLAVOUR ?= release
B := build/$(FLAVOUR)

header = $(shell awk '$$2 == "LSM_VERSION_$(1)" { print $$3 }' \
	libengine/include/lsm.h)
VERSION := $(call header,MAJOR).$(call header,MINOR).$(call header,PATCH)
SOVERSION := $(call header,MAJOR)

# Where Debian looks: packages in /usr, all else in /usr/local.
PREFIX ?= /usr/local
packaged := $(filter /usr,$(PREFIX))
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib$(if $(packaged),/$(shell $(CC) -print-multiarch))
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
zsh := $(if $(packaged),vendor-completions,site-functions)
ZSHDIR ?= $(PREFIX)/share/zsh/$(zsh)
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
DESTDIR ?=

# ---- flags -----------------------------------------------------------------

CC ?= cc
PKG_CONFIG ?= pkg-config
comma := ,

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla $(WERROR)
ifdef CI
WERROR := -Werror
endif
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection \
	-D_FORTIFY_SOURCE=2
SANITIZE_asan := -fsanitize=address,undefined
SANITIZE_tsan := -fsanitize=thread
SANITIZE_cover := --coverage
SANITIZE_fuzz := -fsanitize=address,undefined
OPT_release := -O2 -g $(HARDEN)
# Lines for what a sanitizer tells; no more where nobody is with a debugger.
DEBUG := -g$(if $(CI),1)
OPT_asan := -O1 $(DEBUG) -fno-omit-frame-pointer $(SANITIZE_asan) \
	-fno-sanitize-recover=all
OPT_tsan := -O1 $(DEBUG) $(SANITIZE_tsan)
OPT_sched := -O1 $(DEBUG) -DLSM_SCHED
OPT_cover := -O0 -g $(SANITIZE_cover)
OPT_fuzz := -O1 -g $(SANITIZE_fuzz) -fsanitize=fuzzer-no-link \
	-fno-sanitize-recover=all
LINK_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
ifeq ($(FLAVOUR),fuzz)
CC := clang
endif

CODECS := $(foreach p,liblz4 libzstd,$(if \
	$(shell $(PKG_CONFIG) --exists $(p) 2>/dev/null && echo y),$(p)))
# Reads JSON for the tools; printing it takes no library.
JANSSON := $(shell $(PKG_CONFIG) --exists jansson 2>/dev/null && echo y)
# Edits lines at the prompt, in a program of its own.
LIBEDIT := $(shell $(PKG_CONFIG) --exists libedit 2>/dev/null && echo y)
DEFS := $(if $(filter liblz4,$(CODECS)),-DHAVE_LZ4) \
	$(if $(filter libzstd,$(CODECS)),-DHAVE_ZSTD) \
	$(if $(JANSSON),-DHAVE_JANSSON)
CODEC_NAMES := $(CODECS:lib%=%) z
SHARED_LIBS := $(CODEC_NAMES:%=-l%)
# A short-lived process pays for each shared library it loads, libc most of
# all, so the tools take what they need from archives where there are any. With
# all of them there they load nothing; "make STATIC=" builds them as others are.
found = $(findstring /,$(shell $(CC) -print-file-name=$(1) 2>/dev/null))
archive = $(if $(call found,lib$(1).a),-l:lib$(1).a,-l$(1))
LIBS := $(foreach n,$(CODEC_NAMES),$(call archive,$(n)))
TOOL_LIBS := $(if $(JANSSON),$(call archive,jansson))

CFLAGS ?=
ALL_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -pthread $(WARN) $(DEFS) \
	$(OPT_$(FLAVOUR)) -Ilibengine/include $(CFLAGS)
ALL_LDFLAGS = -pthread $(SANITIZE_$(FLAVOUR)) $(LINK_$(FLAVOUR)) $(LDFLAGS)
COMPILE = $(CC) $(ALL_CFLAGS) -MMD -MP
LINK = $(CC) $(ALL_LDFLAGS)
STATIC := $(if $(filter release,$(FLAVOUR)),$(if $(strip $(foreach f,rcrt1.o \
	$(patsubst %,lib%.a,c $(CODEC_NAMES) $(if $(JANSSON),jansson)), \
	$(if $(call found,$(f)),,$(f)))),,y))
# Code and constants in one mapping, and no look at what nobody asks for
# (tools/origin.c): each costs as much as reading a table.
AT_ONCE := -Wl,-z,noseparate-code \
	-Wl,--wrap=_dl_get_origin,-u,__wrap__dl_get_origin
LINK_TOOL = $(if $(STATIC),$(patsubst -pie,-static-pie,$(LINK)) $(AT_ONCE), \
	$(LINK))

# ---- files -----------------------------------------------------------------

LIB_SRC := $(sort $(wildcard libengine/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)
LIB_PIC := $(LIB_SRC:%.c=$(B)/pic/%.o)
HEADERS := $(wildcard libengine/include/*.h)
TOOL_SRC := $(sort $(filter-out tools/lsm-% tools/line_edit.c,\
	$(wildcard tools/*.c)))
TOOLS := $(patsubst tools/%.c,%,$(sort $(wildcard tools/lsm-*.c)))
PROMPT := $(if $(LIBEDIT),lsm-cli-prompt)
PAGES := $(sort $(wildcard man/*.[1-9]))
TYPED = $(wildcard README.md TestingGuide.md) \
	$(shell grep -l '^\.Sh EXAMPLES' $(PAGES))
SUPPORT_SRC := $(sort $(filter-out %/fuzz_main.c,$(wildcard tests/support/*.c)))
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))
names = $(sort $(patsubst tests/$(1)/%.c,%,$(wildcard tests/$(1)/*.c)))
MODEL := $(call names,model)
CRASH := $(call names,crash)
FUZZ := $(call names,fuzz)
SO := liblsm.so.$(VERSION)

# ---- library and tools -----------------------------------------------------

all: $(B)/liblsm.a $(TOOLS:%=$(B)/%) $(PROMPT:%=$(B)/%)
ifeq ($(FLAVOUR),release)
all: $(B)/$(SO) $(B)/dist/liblsm.a $(B)/liblsm.pc
endif

# Changed flags make everything anew.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(LINK)' | cmp -s - $@ || \
		echo '$(COMPILE) $(LINK)' >$@

$(B)/libengine/%.o: libengine/%.c $(B)/flags
	@mkdir -p $(@D)
	$(COMPILE) -Ilibengine -c -o $@ $<

$(B)/pic/libengine/%.o: libengine/%.c $(B)/flags
	@mkdir -p $(@D)
	$(COMPILE) -fPIC -fno-semantic-interposition -Ilibengine -c -o $@ $<

$(B)/tools/%.o: tools/%.c $(B)/flags
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(B)/tests/%.o: tests/%.c $(B)/flags
	@mkdir -p $(@D)
	$(COMPILE) -Ilibengine -Itests -c -o $@ $<

%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

# Every object, inner names visible: for the tools and the tests.
$(B)/liblsm.a: $(LIB_OBJ)
$(B)/tools.a: $(TOOL_SRC:%.c=$(B)/%.o)
$(B)/support.a: $(SUPPORT_SRC:%.c=$(B)/%.o)

# For others: one object in which only lsm_* can be seen from outside.
$(B)/dist/liblsm.a: $(B)/dist/lsm.o
$(B)/dist/lsm.o: $(LIB_OBJ)
	@mkdir -p $(@D)
	$(LD) -r -o $@.all $^
	objcopy --wildcard --keep-global-symbol='lsm_*' $@.all $@
	@rm $@.all

$(B)/$(SO): $(LIB_PIC) libengine/liblsm.map
	$(CC) -pthread -shared -Wl,-soname,liblsm.so.$(SOVERSION) \
		-Wl,--version-script=libengine/liblsm.map \
		-Wl,-z,defs,-z,relro,-z,now,-z,noexecstack,--as-needed \
		$(LDFLAGS) -o $@ $(LIB_PIC) $(SHARED_LIBS)
	@ln -sf $(SO) $(B)/liblsm.so.$(SOVERSION)
	@ln -sf liblsm.so.$(SOVERSION) $(B)/liblsm.so

$(B)/liblsm.pc: libengine/liblsm.pc.in libengine/include/lsm.h FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' \
		-e 's|@REQUIRES@|$(CODECS) zlib|' $< >$@

# What a linker wrote bit by bit lies in small pieces in the page cache, and each
# fault maps less of it; an installed tool is a copy, so this is one, too.
$(B)/lsm-%: $(B)/tools/lsm-%.o $(B)/tools.a $(B)/liblsm.a
	$(LINK_TOOL) -o $@.linked $^ $(TOOL_LIBS) $(LIBS)
	@cp $@.linked $@.copy && mv $@.copy $@ && rm $@.linked

# What lsm-cli becomes where lines are typed: line_edit stands for line_plain.
$(B)/lsm-cli-prompt: $(B)/tools/lsm-cli.o $(B)/tools/line_edit.o $(B)/tools.a \
    $(B)/liblsm.a
	$(LINK) -o $@ $^ -ledit $(TOOL_LIBS) $(LIBS)

# ---- test programs ---------------------------------------------------------

unit: $(B)/unit
	$(RUN_$(FLAVOUR)) $(B)/unit

# ThreadSanitizer of gcc 12 cannot live with today's wide address randomness.
RUN_tsan = $(shell setarch -R true 2>/dev/null && echo setarch -R)

TEST_LIBS := $(B)/support.a $(B)/liblsm.a

$(B)/unit: $(UNIT_SRC:%.c=$(B)/%.o) $(TEST_LIBS)
	$(LINK) -o $@ $^ $(LIBS)

$(B)/model/% $(B)/crash/%: $(TEST_LIBS)
	@mkdir -p $(@D)
	$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

$(MODEL:%=$(B)/model/%): $(B)/model/%: $(B)/tests/model/%.o
$(CRASH:%=$(B)/crash/%): $(B)/crash/%: $(B)/tests/crash/%.o

# With clang each target is libFuzzer's; elsewhere a driver of ours runs the
# corpus and some seeded mutations of it.
ifeq ($(FLAVOUR),fuzz)
$(B)/fuzz/%: LIBS += -fsanitize=fuzzer
else
$(FUZZ:%=$(B)/fuzz/%): $(B)/tests/support/fuzz_main.o
endif
# Some are of the tools' parsers.
FUZZ_TOOLS := hex option tsv words
$(FUZZ_TOOLS:%=$(B)/tests/fuzz/%.o): COMPILE += -Itools
$(FUZZ_TOOLS:%=$(B)/fuzz/%): $(B)/tools.a
$(FUZZ:%=$(B)/fuzz/%): $(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/support.a \
    $(B)/liblsm.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) \
		-Wl,--end-group $(TOOL_LIBS) $(LIBS)

# Peers that are not installed are left out; probe.sh says which are.
$(B)/bench.peers: tests/bench/probe.sh FORCE
	@mkdir -p $(@D)
	@CC='$(CC)' tests/bench/probe.sh >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(B)/tests/bench/%.o: tests/bench/%.c $(B)/flags $(B)/bench.peers
	@mkdir -p $(@D)
	$(COMPILE) $$(grep ^-D $(B)/bench.peers) -Itests -c -o $@ $<

$(B)/bench: $(BENCH_SRC:%.c=$(B)/%.o) $(B)/liblsm.a $(B)/bench.peers
	$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS) \
		$$(grep ^-l $(B)/bench.peers) -lm

# Whole processes beside each other, and an open in one.
ONESHOT := $(patsubst %,$(B)/oneshot/%,spawn open)
$(ONESHOT): $(B)/oneshot/%: $(B)/tests/bench/oneshot/%.o $(B)/liblsm.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBS)

# lsm-cli with the bugs that its tests ask for.
$(B)/bug/lsm-cli: $(B)/tests/cli/bug.o $(B)/tools/lsm-cli.o $(B)/tools.a \
    $(B)/liblsm.a
	@mkdir -p $(@D)
	$(LINK) -Wl,--wrap=table_builder_add,--wrap=fdatasync -o $@ $^ \
		$(TOOL_LIBS) $(LIBS)

programs: all $(B)/unit $(MODEL:%=$(B)/model/%) $(CRASH:%=$(B)/crash/%)
ifneq ($(filter asan fuzz,$(FLAVOUR)),)
programs: $(FUZZ:%=$(B)/fuzz/%)
endif
ifeq ($(FLAVOUR),release)
programs: $(B)/bench $(ONESHOT) $(B)/bug/lsm-cli
endif

# ---- check -----------------------------------------------------------------
#
# A part is KIND.FLAVOUR or KIND.NAME.FLAVOUR. Each leaves its count under
# build/check; a part that could not be built has none and so fails the sum.

parts = $(foreach n,$($(1)),$(2).$(n).$(3))
PARTS_release := unit.release $(call parts,MODEL,model,release) \
	$(call parts,CRASH,crash,release) cli.release walls.release \
	man.release docs.release bench.release oneshot.release demo.release
PARTS_asan := unit.asan $(call parts,MODEL,model,asan) \
	$(call parts,CRASH,crash,asan) $(call parts,FUZZ,fuzz,asan)
PARTS_sched := unit.sched
PARTS_tsan := unit.tsan $(call parts,MODEL,model,tsan)
ALL_PARTS := $(foreach f,release asan sched tsan,$(PARTS_$(f)))
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

# The longest first.
check: PARTS := $(if $(CI),$(PARTS_tsan)) $(PARTS_sched) $(PARTS_release) \
	$(PARTS_asan)
check-asan: PARTS := $(PARTS_asan)
check-tsan: PARTS := $(PARTS_tsan)
check-sched: PARTS := $(PARTS_sched)
check-long: PARTS := $(ALL_PARTS)
check-long: export LSM_TEST_LONG := 1
check-long: export LSM_PART_SECONDS := 14400
check check-asan check-tsan check-sched check-long:
	@rm -rf build/check
	+@$(MAKE) -k -O -s $(JOBS) --no-print-directory \
		$(PARTS:%=part.%) || :
	@tests/check/sum.sh $(PARTS)

built.%: FORCE
	+@$(MAKE) -s --no-print-directory FLAVOUR=$* programs

$(foreach f,release asan sched tsan,$(eval \
	$(PARTS_$(f):%=part.%): built.$(f)))

part = @tests/check/part.sh $(patsubst part.%,%,$@)
name = $(basename $*)
flavour = $(patsubst .%,%,$(suffix $*))

part.unit.%:
	$(part) $(RUN_$*) build/$*/unit
part.model.%:
	$(part) $(RUN_$(flavour)) build/$(flavour)/model/$(name)
part.crash.%:
	$(part) $(RUN_$(flavour)) build/$(flavour)/crash/$(name)
part.fuzz.%:
	$(part) build/$(flavour)/fuzz/$(name) tests/data/fuzz/$(name)
part.cli.release:
	$(part) env LSM_BIN=$(CURDIR)/build/release tests/check/bats.sh \
		tests/cli
part.walls.release:
	$(part) env CC='$(CC)' MAKE='$(MAKE)' tests/walls/run.sh
part.man.release:
	$(part) tests/check/man.sh $(PAGES)
part.docs.release:
	$(part) env LSM_BIN=$(CURDIR)/build/release tests/docs/run.sh $(TYPED)
part.bench.release:
	$(part) tests/bench/run.sh --smoke
part.oneshot.release:
	$(part) tests/bench/oneshot.sh --smoke
part.demo.release:
	$(part) tests/demo.sh --smoke

# ---- the rest --------------------------------------------------------------

SECONDS ?= 30
fuzz:
	+@$(MAKE) --no-print-directory FLAVOUR=fuzz programs
	@tests/check/fuzz.sh $(SECONDS) $(FUZZ)

# NUM records with values of VALUE_SIZE, ROUNDS rounds, ENGINES side by side;
# see tests/bench/run.sh.
bench:
	+@$(MAKE) -s --no-print-directory FLAVOUR=release build/release/bench
	@tests/bench/run.sh $(if $(NUM),--num $(NUM)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(ENGINES),--engines '$(ENGINES)') \
		$(if $(WORKLOADS),--workloads '$(WORKLOADS)') \
		$(if $(VALUE_SIZE),--value-size $(VALUE_SIZE)) \
		$(if $(BENCH_DIR),--dir '$(BENCH_DIR)')

# What a process costs that opens, does one thing and ends.
bench-oneshot:
	+@$(MAKE) -s --no-print-directory FLAVOUR=release all \
		$(patsubst %,build/release/oneshot/%,spawn open)
	@tests/bench/oneshot.sh $(if $(NUM),--num $(NUM)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(BENCH_DIR),--dir '$(BENCH_DIR)')

demo:
	+@$(MAKE) -s $(JOBS) --no-print-directory FLAVOUR=release all
	@tests/demo.sh

cover:
	+@$(MAKE) -s $(JOBS) --no-print-directory FLAVOUR=cover programs
	@tests/check/cover.sh $(MODEL:%=model/%) $(CRASH:%=crash/%)

lint:
	@DEFS='$(DEFS)' tests/check/lint.sh

man:
	@tests/check/man.sh $(PAGES)
	@mkdir -p build/man
	@for p in $(PAGES); do \
		mandoc -T utf8 $$p | col -bx >build/man/$${p##*/}.txt; \
	done

deps:
	@tests/deps.sh

deps-bench:
	@tests/deps.sh bench

# Typed together, packages come first, with any -j.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
$(filter-out deps,$(MAKECMDGOALS)): | deps
endif

# lsm-cli looks for its prompt there, from where it is itself.
PROMPTDIR = $(BINDIR)/../libexec/lsm

to = $(DESTDIR)$(1)
install: all
	install -d $(call to,$(BINDIR)) $(call to,$(LIBDIR)/pkgconfig) \
		$(call to,$(INCLUDEDIR))
	$(if $(TOOLS),install -m 755 $(TOOLS:%=$(B)/%) $(call to,$(BINDIR)))
	$(if $(PROMPT),install -d $(call to,$(PROMPTDIR)) && \
		install -m 755 $(B)/$(PROMPT) $(call to,$(PROMPTDIR)))
	install -m 644 $(HEADERS) $(call to,$(INCLUDEDIR))
	install -m 644 $(B)/dist/liblsm.a $(call to,$(LIBDIR))
	install -m 755 $(B)/$(SO) $(call to,$(LIBDIR))
	ln -sf $(SO) $(call to,$(LIBDIR))/liblsm.so.$(SOVERSION)
	ln -sf liblsm.so.$(SOVERSION) $(call to,$(LIBDIR))/liblsm.so
	install -m 644 $(B)/liblsm.pc $(call to,$(LIBDIR)/pkgconfig)
	install -d $(call to,$(BASHDIR)) $(call to,$(ZSHDIR)) \
		$(call to,$(FISHDIR))
	$(B)/lsm-cli --completion=bash >$(call to,$(BASHDIR))/lsm-cli
	$(B)/lsm-cli --completion=zsh >$(call to,$(ZSHDIR))/_lsm-cli
	$(B)/lsm-cli --completion=fish >$(call to,$(FISHDIR))/lsm-cli.fish
	for p in $(PAGES); do \
		d=$(call to,$(MANDIR))/man$${p##*.}; \
		install -d $$d && install -m 644 $$p $$d || exit; \
	done

uninstall:
	rm -f $(TOOLS:%=$(call to,$(BINDIR))/%)
	$(if $(PROMPT),rm -f $(call to,$(PROMPTDIR))/$(PROMPT))
	rm -f $(HEADERS:libengine/include/%=$(call to,$(INCLUDEDIR))/%)
	rm -f $(call to,$(LIBDIR))/liblsm.a $(call to,$(LIBDIR))/$(SO) \
		$(call to,$(LIBDIR))/liblsm.so.$(SOVERSION) \
		$(call to,$(LIBDIR))/liblsm.so \
		$(call to,$(LIBDIR))/pkgconfig/liblsm.pc
	rm -f $(call to,$(BASHDIR))/lsm-cli $(call to,$(ZSHDIR))/_lsm-cli \
		$(call to,$(FISHDIR))/lsm-cli.fish
	for p in $(PAGES); do \
		rm -f $(call to,$(MANDIR))/man$${p##*.}/$${p##*/} || exit; \
	done

clean:
	rm -rf build

# For the walls: the flags with which everything is compiled.
print-cflags:
	@echo '$(ALL_CFLAGS)'

-include $(shell find $(B) -name '*.d' 2>/dev/null)

FORCE:
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: FORCE all unit programs check check-asan check-tsan check-sched \
	check-long fuzz bench bench-oneshot demo cover lint man deps deps-bench install \
	uninstall clean print-cflags
