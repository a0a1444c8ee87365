"""The customers of the demonstration besides Acme and Globex. Every one is invented."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Firm:
    """A customer, how many work there, and what it has bought.

    Attributes:
        address: Street, city, province and postal code, separated by `; `.
        bought: `days ago, plan, how many`, the first purchase first.
    """

    name: str
    domain: str
    address: str
    people: int
    bought: tuple[tuple[int, str, int], ...]
    language: str = "fr"


FIRMS = [
    Firm("Groupe immobilier Cartier-Brébeuf", "cartier-brebeuf.example", "1600, boulevard Le Corbusier; Laval; QC; H7S 1Y9", 46, ((402, "avance", 4), (198, "avance", 24), (61, "pro", 6))),
    Firm("Foothills Drilling", "foothills.example", "520 5 Avenue SW; Calgary; AB; T2P 3R7", 52, ((352, "pro", 12), (170, "avance", 20), (40, "eco", 10)), "en"),
    Firm("Coopérative forestière du Nord", "cfn.example", "855, 3e Avenue; Val-d’Or; QC; J9P 1T2", 34, ((311, "avance", 18), (33, "pro", 4))),
    Firm("Prairie Grain Co-op", "prairiegrain.example", "201 Portage Avenue; Winnipeg; MB; R3B 3K6", 31, ((330, "eco", 15), (96, "avance", 6)), "en"),
    Firm("Northlake Paper", "northlake.example", "34 Cumberland Street; Thunder Bay; ON; P7A 4L4", 28, ((289, "avance", 14), (13, "eco", 6)), "en"),
    Firm("Rideau Legal", "rideaulegal.example", "150 Elgin Street; Ottawa; ON; K2P 1L4", 24, ((341, "pro", 9), (222, "pro", 5), (8, "avance", 4)), "en"),
    Firm("Architectes Ostiguy Roy", "ostiguyroy.example", "385, rue du Roi; Québec; QC; G1K 2X4", 22, ((255, "pro", 10), (48, "avance", 5))),
    Firm("Aurora Home Care", "aurorahomecare.example", "10130 103 Street NW; Edmonton; AB; T5J 3N9", 20, ((180, "eco", 12), (22, "avance", 3)), "en"),
    Firm("Fundy Tide Logistics", "fundytide.example", "75 Prince William Street; Saint John; NB; E2L 2B2", 19, ((318, "avance", 9), (118, "eco", 4)), "en"),
    Firm("Cabinet Lemire et Savoie", "lemire-savoie.example", "1010, rue Sherbrooke Ouest; Montréal; QC; H3A 2R7", 18, ((344, "pro", 8), (152, "avance", 6))),
    Firm("Cedar and Salt Foods", "cedarandsalt.example", "1055 West Hastings Street; Vancouver; BC; V6E 2E9", 17, ((266, "eco", 8), (87, "avance", 5)), "en"),
    Firm("Centre de santé Desloges", "desloges.example", "30, rue Larch; Sudbury; ON; P3E 1B7", 16, ((244, "avance", 9), (3, "eco", 4))),
    Firm("Traversiers du Bas-du-Fleuve", "traversiers.example", "199, rue Hayward; Rivière-du-Loup; QC; G5R 6A7", 15, ((211, "eco", 8), (76, "avance", 3))),
    Firm("Pêcheries Arseneault", "pecheries-arseneault.example", "51, boulevard Saint-Pierre; Caraquet; NB; E1W 1B6", 14, ((382, "eco", 3), (164, "eco", 7))),
    Firm("Wheatland Insurance", "wheatland.example", "1874 Scarth Street; Regina; SK; S4P 4B3", 13, ((231, "avance", 8), (17, "pro", 2)), "en"),
    Firm("Imprimerie Solstice", "solstice.example", "620, rue Saint-Charles; Longueuil; QC; J4H 1M1", 12, ((189, "avance", 7),)),
    Firm("Signal Cove Marine", "signalcove.example", "8 Water Street; St. John’s; NL; A1C 1A1", 12, ((275, "avance", 6), (54, "eco", 3)), "en"),
    Firm("École de musique Aubade", "aubade.example", "2424, rue King Ouest; Sherbrooke; QC; J1J 2E8", 11, ((146, "eco", 9),)),
    Firm("Clinique vétérinaire du Fjord", "vet-fjord.example", "1055, boulevard Talbot; Saguenay; QC; G7H 4B5", 9, ((129, "avance", 6),)),
    Firm("Éditions de la Fourche", "fourche.example", "340, boulevard Provencher; Winnipeg; MB; R2H 0G7", 9, ((301, "eco", 5), (26, "avance", 2))),
    Firm("Harbourview Dental", "harbourview.example", "1505 Barrington Street; Halifax; NS; B3J 3K5", 8, ((108, "avance", 6),), "en"),
    Firm("Théâtre de la Marée", "theatre-maree.example", "50, rue de l’Évêché; Rimouski; QC; G5L 1X9", 7, ((205, "eco", 5),)),
    Firm("Boulangerie de l’Érable", "boulangerie-érable.example", "1420, rue des Forges; Trois-Rivières; QC; G8Z 1T8", 6, ((68, "eco", 4),)),
    Firm("Maple Street Physio", "maplephysio.example", "255 Queens Avenue; London; ON; N6A 5R8", 6, ((83, "avance", 4),), "en"),
    Firm("Klondike Survey", "klondikesurvey.example", "2131 Second Avenue; Whitehorse; YT; Y1A 1C2", 6, ((37, "pro", 3),), "en"),
    Firm("Red Sand Accounting", "redsand.example", "119 Kent Street; Charlottetown; PE; C1A 1N3", 5, ((158, "pro", 3),), "en"),
    Firm("Garage Pichette", "garage-pichette.example", "11700, 1re Avenue; Saint-Georges; QC; G5Y 2C8", 4, ((29, "eco", 2),)),
    Firm("Ferme des Outardes", "outardes.example", "3100, boulevard Laframboise; Saint-Hyacinthe; QC; J2S 4Z4", 3, ()),
]  # fmt: skip
