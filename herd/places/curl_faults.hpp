#pragma once

#include "herd/places/fetcher.hpp"

namespace herd::places {

struct CurlLibrary;

// What has become of a libcurl transfer that has ended. `easy` is its handle, `code` its CURLcode;
// `overflowed`: we broke it off, as there was more than we take.
FetchFault fault_of(int code, const CurlLibrary& curl, void* easy, bool overflowed);

// Whether the transfer got as far as the host's address.
bool was_resolved(const CurlLibrary& curl, void* easy);

}  // namespace herd::places
