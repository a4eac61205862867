/* random.c */
#include <glib.h>
