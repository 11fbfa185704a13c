/* A yes-or-no whose default is 2. */
#include "good.h"

static void spoil(void) {
  params[0].ty = aw_type_BOOL;
  params[0].default_num = 2;
}
