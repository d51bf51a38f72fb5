#include "herd/places_service.hpp"

#include "herd/places_key.hpp"

#include <utility>

namespace herd {

PlacesService::PlacesService(reactor::Loop& loop)
    : fetcher_(loop), client_(loop, fetcher_, provider_) {}

Outcome<> PlacesService::open(const PlacesConfig& config, const Limits& limits) {
    if (config.provider == Provider::offline) return open_with_key(config, limits, {});
    const auto key = read_places_key(config.key_file);
    if (!key) return std::unexpected(key.error());
    return open_with_key(config, limits, *key);
}

Outcome<> PlacesService::open_with_key(const PlacesConfig& config,
                                       const Limits& limits,
                                       std::string_view key) {
    auto provider = PlacesProvider::make(config, key);
    if (!provider) return std::unexpected(provider.error());
    provider_ = std::move(*provider);
    const CurlFetcher::Settings settings = {.seats = limits.places_in_flight,
                                            .body_max = limits.places_body_max,
                                            .https = provider_.https(),
                                            .named_host = provider_.named_host(),
                                            .headers = provider_.headers(),
                                            .ca_file = {}};
    if (auto opened = fetcher_.open(settings); !opened) return opened;
    if (!client_.open(limits)) return std::unexpected("no memory for the Places lookups");
    return {};
}

}  // namespace herd
