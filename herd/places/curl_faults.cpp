#include "herd/places/curl_faults.hpp"

#include "herd/places/curl_library.hpp"

#include <cstdint>

namespace herd::places {

namespace {

std::int64_t info(const CurlLibrary& curl, void* easy, CURLINFO what) {
    curl_off_t value = 0;
    curl.easy_getinfo(easy, what, &value);
    return value;
}

// Whether the transfer got as far as sending its request, on a new connection or an old one.
bool was_connected(const CurlLibrary& curl, void* easy) {
    return info(curl, easy, CURLINFO_PRETRANSFER_TIME_T) > 0;
}

FetchFault fault_of_timeout(const CurlLibrary& curl, void* easy) {
    if (was_connected(curl, easy)) return FetchFault::timed_out;
    return was_resolved(curl, easy) ? FetchFault::unconnected : FetchFault::unresolved;
}

}  // namespace

bool was_resolved(const CurlLibrary& curl, void* easy) {
    return was_connected(curl, easy) || info(curl, easy, CURLINFO_NAMELOOKUP_TIME_T) > 0;
}

FetchFault fault_of(int code, const CurlLibrary& curl, void* easy, bool overflowed) {
    if (overflowed) return FetchFault::too_large;
    switch (code) {
        case CURLE_OK:
            return FetchFault::none;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return FetchFault::unresolved;
        case CURLE_COULDNT_CONNECT:
            return FetchFault::unconnected;
        case CURLE_OPERATION_TIMEDOUT:
            return fault_of_timeout(curl, easy);
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
            return FetchFault::untrusted;
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_BAD_CONTENT_ENCODING:
            return FetchFault::broken_off;
        // What libcurl says to one header line of more than 100 KiB, which it does not show us.
        case CURLE_OUT_OF_MEMORY:
            return was_connected(curl, easy) ? FetchFault::too_large : FetchFault::internal;
        default:
            return FetchFault::internal;
    }
}

}  // namespace herd::places
