/* views.c - which view the middle of the screen has: one is left before another is shown. */
#include "tui/studio.h"

static bool is_vae(lt_view view)
{
    return view == LT_VIEW_AUTOENCODER || view == LT_VIEW_NOISING;
}

bool lt_studio_vae(const lt_studio *s)
{
    return is_vae(s->view);
}

static void leave(lt_studio *s)
{
    switch (s->view) {
    case LT_VIEW_COMPARE:
        lt_studio_compare_leave(s);
        break;
    case LT_VIEW_GALLERY:
        lt_gallery_leave(s);
        break;
    case LT_VIEW_AUTOENCODER:
    case LT_VIEW_NOISING:
        lt_studio_vae_leave(s);
        break;
    default:
        break;
    }
}

void lt_studio_show_view(lt_studio *s, lt_view view)
{
    s->dirty = true;
    if (s->view == view)
        return;
    if (!is_vae(s->view) || !is_vae(view)) /* those two share their picture */
        leave(s);
    s->view = view;
    s->redraw = true;
    lt_studio_unsay(s);
}

void lt_studio_close_view(lt_studio *s)
{
    lt_studio_show_view(s, LT_VIEW_STEP);
    lt_studio_picture(s, false);
}
