/* A text whose default is not UTF-8. */
#include "good.h"

static void spoil(void) {
  params[1].default_text = "\xC0\x80";
  params[1].choices = NULL;
}
