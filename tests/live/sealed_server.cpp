#include "tests/live/sealed_server.hpp"

#include <rapidjson/document.h>

#include <stdexcept>

namespace live {

namespace {

std::string address(std::uint16_t port) {
    return "\"127.0.0.1:" + std::to_string(port) + "\"";
}

}  // namespace

SealedServer::SealedServer(const Setup& setup) : config_(folder_ / "herd.json") {
    write_file(config_,
               R"({"servers": [{"name": "Goloman", "clients": )" + address(port()) +
                   R"(, "clients_tls": )" + address(tls_port()) + R"(, "peers": )" +
                   address(peer_port()) + R"(}], "keys": ")" + keys() + R"(", "limits": {)" +
                   setup.limits + R"(}, "log": {"folder": ")" + std::string(folder_ / "log") +
                   "\"}" + setup.more + "}");
    const Ran made = run({herd_binary(), "keys", keys(), "--config", config_});
    if (made.code != 0) throw std::runtime_error("keys: " + made.err);
    std::vector<std::string> command = {"/usr/bin/env"};
    command.insert(command.end(), setup.environment.begin(), setup.environment.end());
    command.insert(command.end(), {herd_binary(), "serve", "Goloman", "--config", config_});
    process_.emplace(command);
    if (!process_->says(": clients on ")) {
        throw std::runtime_error("Goloman: " + process_->out() + process_->err());
    }
}

std::string SealedServer::status() const {
    return run({herd_binary(), "status", "--config", config_}).out;
}

std::uint64_t SealedServer::counter(const std::string& name) const {
    const Ran asked = run({herd_binary(), "status", "--json", "--config", config_});
    rapidjson::Document said;
    said.Parse(asked.out.c_str());
    if (!said.IsObject()) throw std::runtime_error("status: " + asked.out + asked.err);
    return said["servers"][0]["counters"][name.c_str()].GetUint64();
}

std::uint64_t SealedServer::resident() const {
    const std::string status = read_file("/proc/" + std::to_string(process_->pid()) + "/status");
    const std::string_view key = "VmRSS:";
    return std::stoull(status.substr(status.find(key) + key.size()));
}

}  // namespace live
