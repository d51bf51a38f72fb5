#pragma once

#include <cstddef>
#include <string_view>

// The base URL of a service over HTTP, such as "https://places.example:8443/there".
namespace herd::config {

inline constexpr std::size_t base_url_size_max = 512;

// What is wrong with one, to be said behind "a base URL, which"; empty: nothing. With a key that
// goes there it must be https, unless the host is this machine.
std::string_view base_url_fault(std::string_view url, bool has_key);

// Its host, without the brackets of an IPv6 address. Empty: there is none, or one that another
// reader of the URL could take for something else (credentials, escapes).
std::string_view host_of(std::string_view url);

}  // namespace herd::config
