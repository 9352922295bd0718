/*
 * scale.h - how much of a long enumeration a flavour does.
 *
 * All of it where nothing slows a step down. Under AddressSanitizer one step
 * in eight; under ThreadSanitizer, which has nothing to see in the work of one
 * thread, enough to see it run. In unit tests the seed draws the first one.
 */
#ifndef SUPPORT_SCALE_H
#define SUPPORT_SCALE_H

#if defined(__SANITIZE_THREAD__)
enum { SCALE_STEP = 16 };
#elif defined(__SANITIZE_ADDRESS__)
enum { SCALE_STEP = 8 };
#else
enum { SCALE_STEP = 1 };
#endif

#define SCALE_FIRST (test_seed() % SCALE_STEP)

#endif
