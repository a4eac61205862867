/* cipher.c */
#include <glib.h>
