#include "herd/places/curl_library.hpp"

#include <string>

#include <dlfcn.h>
#include <openssl/crypto.h>

namespace herd::places {

namespace {

constexpr const char* file = "libcurl.so.4";

std::string last_error() {
    const char* const text = ::dlerror();
    return text == nullptr ? std::string(file) + " cannot be loaded" : text;
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

}  // namespace

Outcome<CurlLibrary> load_curl() {
    void* const library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return std::unexpected(last_error());
    CurlLibrary curl{};
    const bool whole = find(library, "curl_global_init", curl.global_init) &&
                       find(library, "curl_global_cleanup", curl.global_cleanup) &&
                       find(library, "curl_slist_append", curl.slist_append) &&
                       find(library, "curl_slist_free_all", curl.slist_free_all) &&
                       find(library, "curl_easy_init", curl.easy_init) &&
                       find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                       find(library, "curl_easy_setopt", curl.easy_setopt) &&
                       find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                       find(library, "curl_multi_init", curl.multi_init) &&
                       find(library, "curl_multi_cleanup", curl.multi_cleanup) &&
                       find(library, "curl_multi_setopt", curl.multi_setopt) &&
                       find(library, "curl_multi_add_handle", curl.multi_add_handle) &&
                       find(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
                       find(library, "curl_multi_socket_action", curl.multi_socket_action) &&
                       find(library, "curl_multi_info_read", curl.multi_info_read);
    if (!whole) return std::unexpected(last_error());
    return curl;
}

// A thread that nobody waits for may be in the middle of that when the process exits.
bool start_curl(const CurlLibrary& curl) {
    const bool started = curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    OPENSSL_thread_stop();
    return started;
}

}  // namespace herd::places
