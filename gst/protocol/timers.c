/* timers.c */
#include <glib.h>
