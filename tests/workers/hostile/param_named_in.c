/* A parameter named `in`, a word that the graph file keeps for itself. */
#include "good.h"

static void spoil(void) {
  params[0].name = "in";
}
