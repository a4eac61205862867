/* memory.c */
#include <glib.h>
