"""French."""

GROUPS = {
    "order": "commande|commandes|achat|achats",
    "goods": "commande|commandes|colis|livraison|article|articles|produit|paquet|achat",
    "thing": (
        "article|articles|produit|produits|commande|colis|le|la|les|l|cet|ce|chaussures|robe|veste|pantalon|pull|jean"
    ),
    "money": "remboursement|remboursements|argent|rembourser|remboursé|remboursée|remboursez",
    "human": (
        "humain|conseiller|conseillère|agent|personne|quelqu_un|service_client|responsable|opérateur|interlocuteur"
    ),
    "no": "ne|n|pas|jamais|sans|plutôt_que|au_lieu_de|au_lieu_d",
}

PHRASES = {
    "order.cancel": """
       4  annul* ~4 @order
       4  annulation ~4 @order
       3  annuler|annulez|annulation
       4  @order ~5 annuler|annulée|annulation
       3  ne_veux_plus|n_ai_plus_besoin ~4 @order
      -4  annul* ~4 abonnement|compte|newsletter|adhésion|retour|remboursement
      -4  frais|conditions|politique ~2 annulation
      no  ne|n ~3 pas|jamais|surtout ~2 annul*
      no  n|ne annul* ~1 pas|jamais
      no  sans|au_lieu_d|plutôt_que_d annuler
      no  a été annulée|annulé
      no  pourquoi ~6 annulé|annulée
    """,
    "return.request": """
       4  retourner|renvoyer|rendre|réexpédier ~4 @thing
       4  retourner|renvoyer ~2 un|une|des|mon|ma|mes
       4  faire|demander|demande|effectuer|lancer|initier|enregistrer ~2 retour
       4  étiquette|bon|bordereau ~2 retour
       3  retourner|renvoyer|un_retour
      -4  politique|conditions|délai|délais|frais ~3 retour|retours
      -4  combien|quel|quels|quelle|quelles ~7 retourner|renvoyer|retour|retours
      -3  statut|où|suivi ~4 retour
      -3  retourné|renvoyé
      no  ne|n ~3 pas|jamais ~2 retourner|renvoyer|rendre
      no  sans|au_lieu_de|plutôt_que_de retourner|renvoyer|rendre
    """,
    "return.policy": """
       4  politique|conditions|délai|délais ~3 retour|retours|remboursement|rétractation
       4  combien ~6 retourner|renvoyer|retour
       4  frais ~2 annulation|retour
    """,
    "refund.request": """
       4  veux|voudrais|souhaite|demande|exige|aimerais|peux|pouvez|obtenir|avoir|faire|être ~5 @money
       4  remboursez moi|nous
       4  me|nous rembourser
       4  demande ~1 remboursement
       3  rembourser|remboursez
       2  remboursement|remboursé|remboursée
      -4  où|quand|statut|état|suivi|attends|combien_de_temps ~6 @money
      -4  politique|conditions|délai ~3 remboursement
      -3  @money ~4 toujours|pas|encore
      no  pas|sans|au_lieu_d ~2 remboursement|remboursé|remboursée|rembourser
    """,
    "refund.status": """
       4  où ~5 remboursement|argent
       4  quand ~6 remboursement|remboursé|remboursée|argent
       4  statut|état|suivi|avancement ~4 remboursement
       4  attends|attend|attente ~5 remboursement|remboursé|remboursée
       4  pas|jamais|toujours ~4 remboursé|remboursée|remboursement
       4  remboursement ~4 toujours|pas|encore|jamais
       4  combien_de_temps|délai ~6 remboursement
    """,
    "order.status": """
      -3  quand|où ~5 remboursement|remboursé|remboursée|argent
       4  où ~4 @goods
       4  quand ~6 livré|livrée|recevoir|arriver|arrive|arrivera|expédié|expédiée|reçois|recevrai|livraison|expédition
       4  quand ~4 @goods
       4  statut|état|suivi|suivre|avancement|nouvelle|nouvelles ~4 @goods
       4  numéro|lien ~1 suivi
       3  date de_livraison|d_expédition
       4  est|a|été ~3 expédié|expédiée|envoyé|envoyée|parti|partie
       3  suivi|suivre|expédié|expédiée|en_cours
       2  ma|mon commande|colis|livraison
      -1  changer|modifier|annul*|retour*|rembours*|cassé*|abîmé*|erreur|échang*
    """,
    "shipping.delay": """
       4  pas|jamais|rien|toujours ~4 reçu|arrivé|arrivée|livré|livrée|recu|reçue|réceptionné|réceptionnée
       4  @goods ~4 retard|perdu|perdue|bloqué|bloquée|tarde
       4  retard ~4 @goods|livraison
       4  attends ~4 @goods
       3  retard|tarde
    """,
    "exchange.request": """
       4  échang*
       3  autre taille|couleur
    """,
    "order.change_address": """
       4  chang*|modif*|corrig*|mauvaise|autre|nouvelle|erreur ~5 adresse
    """,
    "order.change_items": """
       4  modifier|changer|ajouter|retirer|enlever ~6 @order
    """,
    "item.damaged": """
       4  cassé*|abîmé*|endommagé*|défectueu*|déchiré*|ne_fonctionne|ne_marche|fuit|vide
    """,
    "item.wrong_or_missing": """
       4  mauvais|mauvaise|pas_le_bon|pas_la_bonne ~1 article|taille|couleur|produit|parfum
       4  manque|manquant|manquante|incomplet|incomplète|erreur
    """,
    "subscription.manage": """
       4  abonnement|newsletter|désabonner|adhésion
    """,
    "account.access": """
       4  mot_de_passe|connecter|connexion|identifiant|identifiants
    """,
    "account.update": """
       4  compte ~3 supprimer|fermer|modifier
       4  supprimer|fermer|modifier|créer ~3 compte
    """,
    "billing.info": """
       4  facture|reçu_de_paiement|moyens_de_paiement
    """,
    "payment.issue": """
       4  paiement ~4 refusé|échoué|problème|passe
       4  débité*|prélevé* ~3 deux_fois|double
    """,
    "promo.price": """
       4  code|codes ~1 promo*|réduction|avantage|remise
       4  réduction|remise|promotion|promo
    """,
    "shipping.options": """
       4  frais_de_port|frais_de_livraison|livrez_vous|point_relais|modes_de_livraison|délai_de_livraison
          |délais_de_livraison
    """,
    "stock.question": """
       4  en_stock|rupture|disponible|réapprovision*
    """,
    "human.request": """
       4  parler|joindre|contacter|discuter|échanger|appeler|transférer|avoir ~5 @human
       4  vrai|vraie|véritable personne|humain|conseiller
       4  numéro_de_téléphone|rappeler|rappelez|hotline
       4  m_appeler|me_rappeler|m_appelez
       4  un_humain|un_conseiller|service_client
      no  ne|n ~3 pas|jamais ~2 parler|appeler|contacter
    """,
    "complaint": """
       4  plainte|réclamation|plaindre
       3  inadmissible|scandaleu*|honte*|arnaque*
    """,
    "praise": """
       4  merci|très_contente?|très_satisfait*|parfait|bravo|un_avis
      -3  où|quand|annul*|rembours*|retour*|pas|problème|svp|aide*
    """,
    "other": """
       3  bonjour|salut|bonsoir|au_revoir|ça_va|coucou
      -2  commande|colis|rembours*|retour*|annul*|compte|article|produit|livraison|conseiller|paiement|code
    """,
}
