/* stream.c */
#include <glib.h>
