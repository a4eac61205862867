/* keyschedule.c */
#include <glib.h>
