/* sas.c */
#include <glib.h>
