/* A port that faces neither in nor out. */
#include "good.h"

static void spoil(void) {
  ports[1].dir = 2;
}
