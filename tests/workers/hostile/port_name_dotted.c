/* A port that an edge cannot name: `a.b` is the port b of a node a. */
#include "good.h"

static void spoil(void) {
  ports[0].name = "a.b";
}
