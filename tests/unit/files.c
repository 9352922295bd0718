#include "env/files.h"

#include "support/test.h"

static const struct sample {
	const char *name;
	enum file_kind kind;
	uint64_t number;
} samples[] = {
	{ "000013.sst", FILE_TABLE, 13 },
	{ "000012.log", FILE_LOG, 12 },
	{ "MANIFEST-000007", FILE_MANIFEST, 7 },
	{ "999999.log", FILE_LOG, 999999 },
	{ "1000000.log", FILE_LOG, 1000000 },
	{ "18446744073709551615.sst", FILE_TABLE, UINT64_MAX },
	{ "MANIFEST-18446744073709551615", FILE_MANIFEST, UINT64_MAX },
	{ "CURRENT", FILE_CURRENT, 0 },
	{ "LOCK", FILE_LOCK, 0 },
	{ "lost+found", FILE_LOST, 0 },
	{ "CURRENT.new", FILE_TEMPORARY, 0 },
	{ "UNFINISHED", FILE_UNFINISHED, 0 },
};

TEST("each kind of name is made and understood")
{
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		char name[FILE_NAME_MAX];
		uint64_t number = 99;

		CHECK_STR(file_name(name, samples[i].kind, samples[i].number),
		    samples[i].name);
		CHECK_EQ(file_parse(name, &number), samples[i].kind);
		CHECK(number == samples[i].number);
	}
}

TEST("a name that only looks like one of ours is none")
{
	static const char *const others[] = { "", ".", "..", "12.log",
		"00012.log", "0000012.log", "000012.LOG", "000012.log ",
		"000012.log.old", " 000012.log", "+00012.log", "-00012.log",
		"000012", "MANIFEST-", "MANIFEST-7", "MANIFEST-000007.new",
		"manifest-000007", "CURRENT.new2", "CURREN", "LOCK2",
		"lost+foun", "18446744073709551616.sst",
		"99999999999999999999999.sst", "00000\xb2.log" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		uint64_t number = 99;

		CHECK_EQ(file_parse(others[i], &number), FILE_OTHER);
		CHECK_EQ(number, 0);
	}
}

TEST("each kind has a word")
{
	CHECK_STR(file_kind_word(FILE_TABLE), "table");
	CHECK_STR(file_kind_word(FILE_LOG), "log");
	CHECK_STR(file_kind_word(FILE_OTHER), "other");
}

TEST("of a name as much is copied as fits")
{
	char name[FILE_NAME_MAX];

	file_name_copy(name, "CURRENT");
	CHECK_STR(name, "CURRENT");
	file_name_copy(name, "a name of forty bytes, of which 31 fit ..");
	CHECK_STR(name, "a name of forty bytes, of which");
}
