/* A port of a kind that nobody knows. */
#include "good.h"

static void spoil(void) {
  ports[0].kind = 99;
}
