/* The faultless library from which the hostile and the rogue ones differ in one thing each. */
#include "hostile/good.h"

static void spoil(void) {}
