#include "herd/places/provider.hpp"

#include "herd/config/base_url.hpp"
#include "protocol/places_json.hpp"
#include "reactor/address.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

namespace herd::places {

namespace {

using protocol::PlacesStatus;

constexpr std::string_view new_path = "/v1/places:searchNearby";
static_assert(new_path.size() <= protocol::legacy_path_size_max({}));

std::string_view default_base(config::Provider provider) {
    switch (provider) {
        case config::Provider::offline:
            return config::offline_url;
        case config::Provider::google:
            return "https://places.googleapis.com";
        case config::Provider::google_legacy:
            return "https://maps.googleapis.com";
    }
    std::unreachable();
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char byte) { return byte > ' ' && byte <= '~'; });
}

std::string_view key_fault(config::Provider provider, std::string_view key) {
    if (provider == config::Provider::offline) return {};
    if (key.empty()) return "this provider needs an API key";
    if (key.size() > Provider::key_size_max) return "the key is longer than 256 bytes";
    if (!is_printable(key)) return "the key holds a blank or a byte that is not printable ASCII";
    return {};
}

// Null: the places are there, or there are none.
std::optional<Trouble> trouble_of(PlacesStatus status) {
    switch (status) {
        case PlacesStatus::ok:
        case PlacesStatus::zero_results:
            return std::nullopt;
        case PlacesStatus::invalid_request:
            return Trouble::invalid;
        case PlacesStatus::over_query_limit:
            return Trouble::over_limit;
        case PlacesStatus::request_denied:
            return Trouble::denied;
        case PlacesStatus::unknown_error:
            return Trouble::unknown;
    }
    std::unreachable();
}

std::optional<Trouble> trouble_of(FetchFault fault) {
    switch (fault) {
        case FetchFault::none:
            return std::nullopt;
        case FetchFault::unresolved:
        case FetchFault::unconnected:
            return Trouble::unreachable;
        case FetchFault::untrusted:
            return Trouble::untrusted;
        case FetchFault::timed_out:
            return Trouble::timed_out;
        case FetchFault::broken_off:
            return Trouble::broken_off;
        case FetchFault::too_large:
            return Trouble::too_large;
        case FetchFault::internal:
            return Trouble::internal;
    }
    std::unreachable();
}

// For what comes without a body that explains it.
Trouble trouble_of_http(std::uint32_t status) {
    if (status >= 500) return Trouble::failing;
    if (status == 401 || status == 403) return Trouble::denied;
    if (status == 429) return Trouble::over_limit;
    if (status >= 400) return Trouble::invalid;
    return Trouble::malformed;
}

Trouble trouble_of(protocol::PlacesFault fault) {
    return fault == protocol::PlacesFault::too_large ? Trouble::too_large : Trouble::malformed;
}

bool succeeded(std::uint32_t status) {
    return status >= 200 && status < 300;
}

// The legacy service tells everything in a body that comes with 200.
std::expected<protocol::CutPlaces, Trouble> read_legacy(const FetchResult& result,
                                                        std::span<char> out) {
    if (!succeeded(result.status)) return std::unexpected(trouble_of_http(result.status));
    const auto cut = protocol::cut_places(out, result.body, Provider::results_max);
    if (!cut) return std::unexpected(trouble_of(cut.error()));
    if (const auto trouble = trouble_of(cut->status)) return std::unexpected(*trouble);
    return *cut;
}

// The new service's errors come with a body that says more than the HTTP status.
std::expected<protocol::CutPlaces, Trouble> read_new(const FetchResult& result,
                                                     std::span<char> out) {
    const auto reshaped = protocol::reshape_new_places(out, result.body, result.status);
    if (!reshaped) {
        return std::unexpected(succeeded(result.status) ? trouble_of(reshaped.error())
                                                        : trouble_of_http(result.status));
    }
    if (const auto trouble = trouble_of(reshaped->status)) return std::unexpected(*trouble);
    if (!succeeded(result.status)) return std::unexpected(trouble_of_http(result.status));
    // It was asked for no more than results_max, but the promise does not rest on its obedience.
    const auto cut = protocol::cut_places(
        out.subspan(reshaped->text.size()), reshaped->text, Provider::results_max);
    if (!cut) return std::unexpected(trouble_of(cut.error()));
    return *cut;
}

}  // namespace

Outcome<Provider> Provider::make(const config::Places& config, std::string_view key) {
    if (const auto fault = key_fault(config.provider, key); !fault.empty()) {
        return std::unexpected("places.key_file: " + std::string(fault));
    }
    Provider made;
    made.provider_ = config.provider;
    if (config.provider != config::Provider::offline) made.key_ = key;
    made.base_ = config.url.empty() ? default_base(config.provider) : config.url;
    while (made.base_.ends_with('/')) made.base_.pop_back();
    if (const auto fault = config::base_url_fault(made.base_, !made.key_.empty()); !fault.empty()) {
        return std::unexpected("places.url: " + std::string(fault));
    }
    const std::string_view host = config::host_of(made.base_);
    if (!reactor::Address::parse(host, 0)) made.host_name_ = host;
    return made;
}

FetchRequest Provider::request(const protocol::PlacesQuery& query, Buffer& buffer) const {
    assert(can_ask(query));
    assert(!base_.empty());
    assert(base_.size() <= config::base_url_size_max);
    assert(key_.size() <= key_size_max);
    char* const path = std::ranges::copy(base_, buffer.url.data()).out;
    const std::span<char> path_buffer(path, buffer.url.data() + buffer.url.size());
    if (provider_ != config::Provider::google) {
        const auto text = protocol::format_legacy_path(path_buffer, query, key_);
        return {{buffer.url.data(), base_.size() + text.size()}, {}};
    }
    std::ranges::copy(new_path, path);
    return {{buffer.url.data(), base_.size() + new_path.size()},
            protocol::format_new_body(buffer.body, query)};
}

std::vector<std::string> Provider::headers() const {
    if (provider_ != config::Provider::google) return {"Accept: application/json"};
    return {"Accept: application/json",
            "Content-Type: application/json",
            "X-Goog-Api-Key: " + key_,
            "X-Goog-FieldMask: " + std::string(protocol::places_field_mask)};
}

std::expected<protocol::CutPlaces, Trouble> Provider::read(const FetchResult& result,
                                                           std::span<char> out) const {
    if (const auto trouble = trouble_of(result.fault)) return std::unexpected(*trouble);
    assert(!out.empty());
    if (result.status >= 500) return std::unexpected(Trouble::failing);
    return provider_ == config::Provider::google ? read_new(result, out) : read_legacy(result, out);
}

}  // namespace herd::places
