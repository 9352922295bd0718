#!/bin/sh
# lsm(3) has every function of lsm.h in its SYNOPSIS and in a paragraph, every
# option and every code; lsm-format(5) tells the format that is written.
set -u
header=libengine/include/lsm.h
bad=0
complain()
{
	echo "$*"
	bad=1
}

functions=$(grep -o '\blsm_[a-z_]*(' $header | tr -d '(' | sort -u)
[ -n "$functions" ] || complain "$header: no functions found"
for name in $functions; do
	grep -q "^\.Fn $name [\"v]" man/lsm.3 ||
		complain "man/lsm.3: $name is not in the SYNOPSIS"
	sed '1,/^\.Sh DESCRIPTION/d' man/lsm.3 | grep -q "^\..*Fn $name\>" ||
		complain "man/lsm.3: no paragraph tells of $name"
done
for name in $(sed -n 's/^\.Fn \(lsm_[a-z_]*\) .*/\1/p' man/lsm.3 | sort -u); do
	echo "$functions" | grep -qx "$name" ||
		complain "man/lsm.3: there is no $name"
done

options=$(awk '/^typedef struct lsm_options/,/^}/' $header |
	sed -n -e 's|/\*.*||' -e 's/^\t[a-z][^;]*[ *(]\([a-z0-9_]*\);.*/\1/p' \
	-e 's/^\tvoid (\*\([a-z]*\))(.*/\1/p' | grep -v struct_size)
[ -n "$options" ] || complain "$header: no options found"
for name in $options; do
	grep -q "^\.It Va.* $name\>" man/lsm.3 ||
		complain "man/lsm.3: the option $name is not told"
done

listed=$(sed -n 's/^\.It Er //p' man/lsm.3 | sort)
codes=$(awk '/^typedef enum lsm_code/,/^}/' $header |
	sed -n 's/^\t\(LSM_[A-Z_]*\) = [1-9].*/\1/p' | sort)
[ -n "$codes" ] && [ "$codes" = "$listed" ] ||
	complain "man/lsm.3: ERRORS and the codes of $header differ"

number()
{
	sed -n "s/^\tFORMAT_$1 = \([0-9]*\),$/\1/p" libengine/kv/block.h
}
format=$(number MAJOR).$(number MINOR)
grep -q "^It describes format $format\.$" man/lsm-format.5 &&
	grep -q "^ 46  2  format minor: ${format#*.}$" man/lsm-format.5 &&
	grep -q "^LSM $format DATABASE-ID" man/lsm-format.5 &&
	grep -q "Format $format:" README.md ||
	complain "format $format: README.md or man/lsm-format.5 tells another"
exit $bad
