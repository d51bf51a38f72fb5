#pragma once

#include "herd/config.hpp"
#include "herd/curl_fetcher.hpp"
#include "herd/outcome.hpp"
#include "herd/places_client.hpp"
#include "herd/places_provider.hpp"
#include "reactor/loop.hpp"

#include <string>
#include <string_view>

namespace herd {

// The Places of the program: provider, libcurl and client put together. Pinned; the loop outlives
// it, and it outlives whoever asks.
class PlacesService {
public:
    explicit PlacesService(reactor::Loop& loop);

    // Once, first, with the loop open and before the process has threads. Reads the key file that
    // the provider needs. The error is one line; the key is never in it.
    Outcome<> open(const PlacesConfig& config, const Limits& limits);
    // The same with the key at hand; empty for the offline provider.
    Outcome<> open_with_key(const PlacesConfig& config, const Limits& limits, std::string_view key);

    Places& places() { return client_; }
    PlacesClient& client() { return client_; }
    const CurlFetcher& fetcher() const { return fetcher_; }

private:
    PlacesProvider provider_;
    CurlFetcher fetcher_;
    PlacesClient client_;
};

}  // namespace herd
