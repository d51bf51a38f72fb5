#pragma once

#include "herd/outcome.hpp"
#include "herd/tls/context.hpp"
#include "herd/tls/exchange.hpp"
#include "reactor/seal.hpp"

#include <cstddef>
#include <string>

namespace herd::tls {

// Makes the seals of a program that only dials: TLS 1.3, to who has a certificate of the authority
// for the name that is asked for. Outlives them.
class Dialler {
public:
    // Once, first. `plain_max`: as in Exchange. Says which file is wrong, and how.
    Outcome<> open(const Files& files, std::size_t plain_max);
    // Null: there is no memory for it.
    reactor::SealPtr dial(const std::string& name);

private:
    Exchange exchange_;
    Context context_;
};

}  // namespace herd::tls
