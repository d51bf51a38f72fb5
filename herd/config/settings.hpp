#pragma once

#include "herd/config/setting.hpp"

#include <span>
#include <string>
#include <string_view>

// Every setting that a configuration can have, in one table: what reads a file, `herd check` and
// docs/configuration.md are made from it. A new setting is a member of Config, which has its
// default, and a row in settings.cpp.
namespace herd::config {

// In the order in which they are told of. The rows live for ever.
std::span<const Setting> settings();
// Null: there is none.
const Setting* find_setting(Section in, std::string_view name);

// Its whole name: "ttl_s", "limits.clients", "servers[].name".
std::string path_of(const Setting& setting);

}  // namespace herd::config
