// urlmap.js: where the links of the book to other libraries lead, for those that have their documentation in the same form.
// SPDX-License-Identifier: LGPL-2.1-or-later
baseURLs = [
  [ 'GLib', 'https://docs.gtk.org/glib/' ],
  [ 'GObject', 'https://docs.gtk.org/gobject/' ],
  [ 'Gio', 'https://docs.gtk.org/gio/' ],
]
