#pragma once

#include "tests/live/herd_process.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Herds of the reference implementations under bench/reference.
namespace live {

std::string environment(const char* name, const std::string& otherwise = "");

// An implementation, by what starts a server of it: its name stands between the two.
struct Reference {
    std::string name;
    std::vector<std::string> command;
    std::vector<std::string> options = {};
};

// The five servers of one implementation, all accepting when this is constructed.
class ReferenceHerd {
public:
    ReferenceHerd(const Reference& reference, std::uint16_t places_port);

    std::uint16_t port(const std::string& name) const { return ports_.at(name); }

    // Says it all and that no more comes, then hears all.
    std::string ask(const std::string& name, std::string_view bytes) const;
    // The exit code after a friendly signal, of the last that ends; not 0 if any other was.
    int end(int signal);

private:
    void await(const std::string& name);
    std::string configuration(std::uint16_t places_port) const;

    TemporaryFolder folder_;
    std::map<std::string, std::uint16_t> ports_;
    std::map<std::string, std::unique_ptr<Process>> servers_;
};

}  // namespace live
