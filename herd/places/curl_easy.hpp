#pragma once

#include "herd/places/curl_library.hpp"

namespace herd::places {

// A handle of libcurl for one transfer at a time, with the library it is of. Owns neither.
class CurlEasy {
public:
    CurlEasy(const CurlLibrary& curl, void* handle) : curl_(curl), handle_(handle) {}

    // Whether this libcurl takes it; `value` is of the type that the option has.
    template <class Value>
    bool set(CURLoption option, Value value) const {
        return curl_.easy_setopt(handle_, option, value) == CURLE_OK;
    }
    // What it says of that, in the handle's own memory; null: nothing.
    const char* text(CURLINFO what) const {
        const char* text = nullptr;
        return curl_.easy_getinfo(handle_, what, &text) == CURLE_OK ? text : nullptr;
    }

private:
    const CurlLibrary& curl_;
    void* const handle_;
};

}  // namespace herd::places
