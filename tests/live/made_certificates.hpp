#pragma once

#include "herd/keys/certificate.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace live {

// Makes certificates as `herd keys` would not, in a folder that it has made.
class MadeCertificates {
public:
    struct Flaws {
        std::int64_t from_s = -86'400;  // from now
        std::int64_t until_s = 864'000;
        std::optional<std::vector<std::string>> names = {};  // in place of its own
        herd::keys::Purpose purpose = herd::keys::Purpose::server;
        bool any_purpose = false;  // says nothing of purposes
        bool stranger = false;     // signed by an authority that nobody knows
    };

    explicit MadeCertificates(std::string folder) : folder_(std::move(folder)) {
        write_key("other", *herd::keys::make_key());
    }

    // NAME.crt anew, for the key that is there; without one, NAME.key as well.
    void sign(const std::string& name, const Flaws& flaws) const;
    // Of one file over another, each by its name in the folder.
    void copy(const std::string& from, const std::string& to) const;
    void remove(const std::string& file) const;

private:
    std::string path(const std::string& file) const { return folder_ + "/" + file; }
    void write_key(const std::string& name, EVP_PKEY& key) const;

    std::string folder_;
};

}  // namespace live
