/* association.c */
#include <glib.h>
