#pragma once

#include "herd/outcome.hpp"

#include <curl/curl.h>

namespace herd::places {

// The functions of libcurl that are used here, by their names without "curl_". The program is not
// linked with it: with the forty libraries that it brings along, it would be more than half of what
// a server takes of memory, and of the time until it accepts, whether anybody asks for places or
// not. Once loaded it stays, and so does this.
struct CurlLibrary {
    decltype(&::curl_global_init) global_init;
    decltype(&::curl_global_cleanup) global_cleanup;
    decltype(&::curl_slist_append) slist_append;
    decltype(&::curl_slist_free_all) slist_free_all;
    decltype(&::curl_easy_init) easy_init;
    decltype(&::curl_easy_cleanup) easy_cleanup;
    decltype(&::curl_easy_setopt) easy_setopt;
    decltype(&::curl_easy_getinfo) easy_getinfo;
    decltype(&::curl_multi_init) multi_init;
    decltype(&::curl_multi_cleanup) multi_cleanup;
    decltype(&::curl_multi_setopt) multi_setopt;
    decltype(&::curl_multi_add_handle) multi_add_handle;
    decltype(&::curl_multi_remove_handle) multi_remove_handle;
    decltype(&::curl_multi_socket_action) multi_socket_action;
    decltype(&::curl_multi_info_read) multi_info_read;
};

// From the disk, unless it is there: that takes ten milliseconds, or as long as a disk may hang.
// For any thread, but for one at a time. The error is one line.
Outcome<CurlLibrary> load_curl();
// Its global_init, on a thread that is not the loop's: what its TLS keeps for that is let go of.
bool start_curl(const CurlLibrary& curl);

}  // namespace herd::places
