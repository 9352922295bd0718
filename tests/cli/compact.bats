#!/usr/bin/env bats
# What compact leaves on the disk.
load helper

@test "after compact no file holds what was deleted" {
	lsm-cli --create db put secretkey secretvalue
	lsm-cli db put apple red
	lsm-cli db flush
	lsm-cli db delete secretkey
	grep -rq secret db
	lsm-cli db compact
	[ -z "$(grep -rl secret db)" ]
	[ "$(lsm-cli db scan)" = "$(printf 'apple\tred')" ]
}

@test "deletes in the log alone are gone as well, with sync off" {
	lsm-cli --create db put --sync=off secretkey secretvalue
	lsm-cli db put apple red
	lsm-cli db delete secretkey
	lsm-cli db compact
	[ -z "$(grep -rl secret db)" ]
}

@test "after compact no file holds what was written over" {
	orchard
	lsm-cli db put tree00000007 secretvalue
	lsm-cli db flush
	lsm-cli db put tree00000007 cut
	lsm-cli db compact
	[ -z "$(grep -rl secretvalue db)" ]
	[ "$(lsm-cli db get tree00000007)" = cut ]
}
