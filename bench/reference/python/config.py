"""The herd: who listens where, who talks with whom, and who knows places."""
import json

SERVERS = {
    name: {'host': '127.0.0.1', 'port': port}
    for port, name in enumerate(['Goloman', 'Hands', 'Holiday', 'Welsh', 'Wilkes'], start=21001)
}
NEIGHBOURS = {
    'Goloman': ['Hands', 'Holiday', 'Wilkes'],
    'Hands': ['Goloman', 'Wilkes'],
    'Holiday': ['Goloman', 'Welsh', 'Wilkes'],
    'Welsh': ['Holiday'],
    'Wilkes': ['Goloman', 'Hands', 'Holiday'],
}
PLACES_URL = 'http://127.0.0.1:21300/maps/api/place/nearbysearch/json'
KEY = ''


class Config:
    """What is above, or what a JSON file says instead."""

    def __init__(self, path=None):
        self.servers, self.neighbours = SERVERS, NEIGHBOURS
        self.places_url, self.key = PLACES_URL, KEY
        if path:
            with open(path, encoding='utf-8') as file:
                vars(self).update(json.load(file))

    def address(self, name):
        """Host and port of a server."""
        return self.servers[name]['host'], self.servers[name]['port']
