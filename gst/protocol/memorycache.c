/* memorycache.c */
#include <glib.h>
