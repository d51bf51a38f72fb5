#include "herd/config/base_url.hpp"

#include "reactor/address.hpp"

#include <algorithm>
#include <cassert>

namespace herd::config {

namespace {

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char byte) { return byte > ' ' && byte <= '~'; });
}

}  // namespace

std::string_view base_url_fault(std::string_view url, bool has_key) {
    const bool https = url.starts_with("https://");
    if (!https && !url.starts_with("http://")) return "must begin with http:// or https://";
    if (url.size() > base_url_size_max) return "is longer than 512 bytes";
    if (!is_printable(url)) return "holds a blank or a byte that is not printable ASCII";
    if (url.find_first_of("?#") != std::string_view::npos) return "must not have a query";
    const std::string_view host = host_of(url);
    if (host.empty()) return "names no host";
    const auto address = reactor::Address::parse(host, 0);
    if (has_key && !https && !(address && address->is_loopback())) {
        return "must begin with https://, as a key is sent there";
    }
    return {};
}

std::string_view host_of(std::string_view url) {
    assert(url.contains("://"));
    std::string_view host = url.substr(url.find("://") + 3);
    host = host.substr(0, host.find('/'));
    if (host.contains('@')) return {};
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos) return {};
        host = host.substr(1, end - 1);
        return reactor::Address::parse(host, 0) ? host : std::string_view{};
    }
    host = host.substr(0, host.find(':'));
    const bool plain = std::ranges::all_of(host, [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '.' || byte == '-';
    });
    return plain ? host : std::string_view{};
}

}  // namespace herd::config
