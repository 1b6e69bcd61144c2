/* What the staff's and the screens' side of displays share. Private to api/spaces/. */
#ifndef TETHER_API_SPACES_DISPLAYS_H
#define TETHER_API_SPACES_DISPLAYS_H

#include "request/call.h"

/* The pages the links lead to. */
#define DISPLAY_PAGE     "/display"
#define DISPLAY_FRAGMENT "#pair="
#define PANEL_PAIR_PAGE  "/panel/#/settings/devices?code="

/* `link` as a QR code: an SVG document as the member "qr_svg" of `object`, a PNG file as a data URL as
 * "qr_png". */
void display_add_qr(struct call *call, cJSON *object, struct str link);

#endif
