/* Static files, embedded in the program. A folder of them becomes a table when the program is built
 * (embed.py); a handler answers one with web_answer(). */
#ifndef TETHER_WEB_FILES_H
#define TETHER_WEB_FILES_H

#include "request/call.h"

struct web_file {
    const char *name; /* "panel.js" */
    const char *type;
    const char *etag; /* with its quotes */
    const unsigned char *plain;
    size_t plain_size;
    const unsigned char *packed; /* gzip; NULL: not worth it */
    size_t packed_size;
};

struct web_folder {
    const struct web_file *files;
    const size_t *count;
    const char *policy; /* the Content-Security-Policy of its pages */
};

/* The admin panel, built from panel/. */
extern const struct web_file web_panel[];
extern const size_t web_panel_count;
/* The API's documentation: Swagger UI and the page around it, put together by docs/build. */
extern const struct web_file web_docs[];
extern const size_t web_docs_count;
/* The public pages, from pages/. */
extern const struct web_file web_pages[];
extern const size_t web_pages_count;

/* A file that is made while the program runs, tagged and compressed as the embedded ones are. name and type
 * are kept; everything else lives in `arena`, `content` too. */
void web_file_make(struct arena *arena, const char *name, const char *type, struct str content,
                   struct web_file *ret);

/* Answers that file: 200, or 304 for a client that has it. */
enum error_code web_answer_file(struct call *call, const struct web_file *file, const char *policy);
/* Answers the file of that name: as it is or compressed, as the client takes it; 304 for a client that has
 * it. Clients ask again at every use, which costs little, and so never mix two versions. 404 when there is
 * none.
 */
enum error_code web_answer(struct call *call, const struct web_folder *folder, struct str name);

#endif
