/*
 * view.h - the screen from the studio's state: view.c draws all of it, each view_*.c a part.
 *
 * Every frame is drawn whole; what is kept from one to the next are pictures and sheets.  Places
 * are in cells of the terminal.  The thread of the screen.
 */
#pragma once

#include "tui/studio.h"

const char *lt_studio_lens_name(lt_lens lens); /* "1 current latents" */
void lt_studio_draw(lt_studio *s);
void lt_view_title(lt_studio *s);
void lt_view_panel(lt_studio *s);
void lt_view_numbers(lt_studio *s, lt_rect area); /* of the step, as the panel has them */
int lt_view_lens_rows(lt_rect panel);             /* of the list */
int lt_view_lens_at(lt_rect panel, int x, int y); /* the lens at a cell; -1: none */
void lt_view_lenses(const lt_studio *s, lt_rect panel);
int lt_view_lens_numbers(lt_studio *s, lt_rect area);     /* its own; returns the rows drawn */
void lt_view_lens_text(const lt_studio *s, lt_rect area); /* in the picture's place */
int lt_view_attention_rows(const lt_studio *s); /* that lens 6's words want; 0: it is not shown */
void lt_view_attention(lt_studio *s, lt_rect area);
int lt_view_attention_at(const lt_studio *s, int x, int y); /* the word at a cell; -1: none */
void lt_view_prompts(lt_studio *s);
void lt_view_count(lt_studio *s); /* the tokens of both prompts, where they changed */
void lt_view_skipped(const lt_studio *s, lt_rect box); /* pictures, in its lower border */
void lt_view_timeline(lt_studio *s);
void lt_view_bottom(lt_studio *s); /* messages and footer */
void lt_view_help(lt_studio *s);
void lt_view_gallery(lt_studio *s);
void lt_view_runs(lt_studio *s);
void lt_view_what_if(const lt_studio *s, lt_rect area); /* its numbers */
void lt_view_compare(lt_studio *s);
void lt_view_grid(lt_studio *s); /* the text around its pictures; grid_view.c */
/* Pixels of the terminal for a sheet of pictures. */
void lt_view_sheet_room(const lt_studio *s, int *width, int *height);
/* A sheet to the canvas, in the picture's place; NULL: none is there yet. */
void lt_view_sheet(lt_studio *s, lt_image *sheet, bool coarse);
bool lt_view_captions(const lt_studio *s); /* half blocks would only blur letters */
/* Words in the picture's place while there is no sheet. */
void lt_view_coming(lt_studio *s);
void lt_view_autoencoder(lt_studio *s);
int lt_view_autoencoder_rows(const lt_studio *s); /* of text */
void lt_view_noising(lt_studio *s);
int lt_view_noising_rows(void);
void lt_view_noising_line(const lt_studio *s);
int lt_view_noising_at(const lt_studio *s, int x); /* the timestep at a column */
void lt_view_autoencoder_line(const lt_studio *s); /* in the timeline's place */
void lt_view_tokens(lt_studio *s);
/* What the chosen position is, and what the encoder's two outputs are; tall: in full. */
void lt_view_token_words(const lt_studio *s, lt_rect area, const lt_encoding *e, bool tall);
int lt_view_tokens_at(const lt_studio *s, int x, int y); /* the row of the table; -1: none */
void lt_view_slider(const lt_studio *s);                 /* in the timeline's place */
double lt_view_slider_at(const lt_studio *s, int x);     /* the scale at a column */
