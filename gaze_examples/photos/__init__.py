"""From a photograph, a film or a camera to an answer: find the faces, cut out their eyes, ask a trained network."""
