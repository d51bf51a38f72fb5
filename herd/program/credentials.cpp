#include "herd/program/credentials.hpp"

#include "herd/keys/names.hpp"

#include <cassert>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace herd::program {

Outcome<tls::Files> credentials(const config::Config& config) {
    assert(!config.keys.empty());
    std::vector<std::string_view> names = {keys::operator_name};
    for (const config::Server& server : config.servers) {
        if (!server.legacy) names.push_back(server.name);
    }
    for (const std::string_view name : names) {
        tls::Files files = tls::files_in(config.keys, name);
        std::error_code error;
        if (std::filesystem::exists(files.key, error)) return files;
    }
    return std::unexpected(tls::files_in(config.keys, keys::operator_name).key +
                           ": is not here, nor the key of any server: servers with keys answer "
                           "nobody who has none");
}

}  // namespace herd::program
