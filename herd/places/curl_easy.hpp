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

private:
    const CurlLibrary& curl_;
    void* const handle_;
};

}  // namespace herd::places
