"""What counts how much in each mode of search."""

from dialoguedb.model.search import SearchMode
from dialoguedb.ports.search import Weights

WEIGHTS: dict[SearchMode, Weights] = {
    "hybrid": Weights(),
    "semantic": Weights(semantic=1.0, keyword=0.0),
    "keyword": Weights(semantic=0.0, keyword=1.0),
}
