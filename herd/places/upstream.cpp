#include "herd/places/upstream.hpp"

#include "herd/places/key.hpp"
#include "reactor/sys.hpp"

#include <utility>

namespace herd::places {

namespace {

CurlFetcher::Target target_of(const Provider& provider) {
    return {.host_name = provider.host_name(), .headers = provider.headers()};
}

}  // namespace

Upstream::Upstream(reactor::Loop& loop) : fetcher_(loop), client_(loop, fetcher_, provider_) {}

Outcome<> Upstream::open(const config::Places& config, const config::Limits& limits) {
    if (config.provider == config::Provider::offline) return open_with_key(config, limits, {});
    const auto key = read_key(config.key_file, config.key_shared);
    if (!key) return std::unexpected(key.error());
    reactor::sys::forbid_dumps();
    return open_with_key(config, limits, *key);
}

Outcome<> Upstream::open_with_key(const config::Places& config,
                                  const config::Limits& limits,
                                  std::string_view key) {
    auto provider = Provider::make(config, key);
    if (!provider) return std::unexpected(provider.error());
    provider_ = std::move(*provider);
    const CurlFetcher::Settings settings = {
        .slots = limits.places_in_flight, .body_max = limits.places_body_max, .ca_file = {}};
    if (auto opened = fetcher_.open(settings, target_of(provider_)); !opened) return opened;
    if (config.provider != config::Provider::offline) {
        client_.bound({limits.places_per_s, limits.places_per_day});
    }
    if (!client_.open(limits)) return std::unexpected("no memory for the Places lookups");
    return {};
}

Outcome<Provider> Upstream::provider_anew(const config::Places& config) {
    if (config.provider == config::Provider::offline) return Provider::make(config, {});
    const auto key = read_key(config.key_file, config.key_shared);
    if (!key) return std::unexpected(key.error());
    return Provider::make(config, *key);
}

void Upstream::renew(Provider provider, const config::Limits& limits) {
    // With no memory for it, what is asked with the old key is told so by the service.
    if (!fetcher_.aim(target_of(provider))) return;
    provider_ = std::move(provider);
    client_.limit_time(std::chrono::milliseconds(limits.places_deadline_ms));
    if (client_.bounded()) client_.bound_anew(limits.places_per_s, limits.places_per_day);
}

}  // namespace herd::places
