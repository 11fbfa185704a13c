/* Choices of which there are none: no text is allowed, not even the default. */
#include "good.h"

static void spoil(void) {
  params[1].choices = choices + 2;
}
