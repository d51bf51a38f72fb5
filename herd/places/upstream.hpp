#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"
#include "herd/places/client.hpp"
#include "herd/places/curl_fetcher.hpp"
#include "herd/places/provider.hpp"
#include "reactor/loop.hpp"

#include <string>
#include <string_view>

namespace herd::places {

// The Places of the program: provider, libcurl and client put together. Pinned; the loop outlives
// it, and it outlives whoever asks.
class Upstream {
public:
    explicit Upstream(reactor::Loop& loop);

    // Once, first, with the loop open and before the process has threads. Reads the key file that
    // the provider needs. The error is one line; the key is never in it.
    Outcome<> open(const config::Places& config, const config::Limits& limits);
    // The same with the key at hand; empty for the offline provider.
    Outcome<> open_with_key(const config::Places& config,
                            const config::Limits& limits,
                            std::string_view key);

    // How the service is asked from now on, with its key read anew: as before but for the key and
    // where it is.
    static Outcome<Provider> provider_anew(const config::Places& config);
    // From now on that, and these limits.
    void renew(Provider provider, const config::Limits& limits);

    Places& places() { return client_; }
    Client& client() { return client_; }
    CurlFetcher& fetcher() { return fetcher_; }

private:
    Provider provider_;
    CurlFetcher fetcher_;
    Client client_;
};

}  // namespace herd::places
