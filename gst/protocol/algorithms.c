/* algorithms.c */
#include <glib.h>
