/* A parameter of a type that nobody knows. */
#include "good.h"

static void spoil(void) {
  params[0].ty = 99;
}
