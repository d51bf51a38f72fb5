#pragma once

#include "herd/config/base_url.hpp"
#include "herd/config/config.hpp"
#include "herd/outcome.hpp"
#include "herd/places/fetcher.hpp"
#include "herd/places/trouble.hpp"
#include "protocol/places_request.hpp"

#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace herd::places {

// How one kind of Places service is asked, and what its answers mean. Pure: no descriptor, no
// clock; after make() nothing allocates. Holds the API key, which leaves it only in a request.
class Provider {
public:
    static constexpr std::size_t key_size_max = 256;
    static constexpr std::uint32_t results_max = 20;

    // Where a request is written.
    struct Buffer {
        std::array<char,
                   config::base_url_size_max + protocol::legacy_path_size_max({}) +
                       3 * key_size_max>
            url;
        std::array<char, protocol::new_body_size_max> body;
    };

    Provider() = default;

    // `key` is empty for Provider::offline. The error is one line that says which setting is wrong
    // and what is expected of it; it quotes neither URL nor key.
    static Outcome<Provider> make(const config::Places& config, std::string_view key);

    // Nothing can lie within a radius of 0, and no service accepts one.
    static bool can_ask(const protocol::PlacesQuery& query) { return query.radius_mm > 0; }

    // A view of `buffer`.
    FetchRequest request(const protocol::PlacesQuery& query, Buffer& buffer) const;

    // Lines "Name: value" that go with every request. They may hold the key.
    std::vector<std::string> headers() const;

    // What came back, in the legacy shape with at most results_max results, as a view of `out`.
    // Places found and no place found are answers; everything else is trouble.
    std::expected<protocol::CutPlaces, Trouble> read(const FetchResult& result,
                                                     std::span<char> out) const;

    // Of the service's host, which has to be looked up; empty: it is an address.
    const std::string& host_name() const { return host_name_; }

private:
    config::Provider provider_ = config::Provider::offline;
    std::string base_;  // scheme and authority, without a slash at the end
    std::string key_;
    std::string host_name_;
};

}  // namespace herd::places
