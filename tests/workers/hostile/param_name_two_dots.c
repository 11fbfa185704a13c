/* A parameter in a group in a group. */
#include "good.h"

static void spoil(void) {
  params[0].name = "a.b.c";
}
